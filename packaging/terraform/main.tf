# A monitoring host for backlogd: an Auto Scaling group of one, which may do what the scalers need and no more.

# China's is another one, with names of its own.
data "aws_partition" "current" {}

locals {
  driven    = [for scaler in values(var.scalers) : scaler.group_arn if scaler.drive]
  object    = trimprefix(var.package_url, "s3://")
  in_bucket = local.object != var.package_url
  topics    = compact([var.topic_arn])
  notify    = [for arn in local.topics : "notify = { topic_arn = ${jsonencode(arn)} }\n"]

  # A JSON string is a TOML string as well.
  settings = join("\n", concat(local.notify, [for name, scaler in var.scalers : join("\n", concat(
    [
      "[[scaler]]",
      "name = ${jsonencode(name)}",
      "drive = ${scaler.drive}",
      "source = [{ queue = ${jsonencode(scaler.queue_arn)} }]",
      "target = { name = ${jsonencode(scaler.group_arn)} }",
      "policy = { kind = \"latency\", latency_objective_secs = ${scaler.latency_objective_secs}, drains = ${scaler.drains} }",
    ],
    scaler.max_instances == null ? [] : ["limits = { max = ${scaler.max_instances} }"],
    ["publish = { namespace = ${jsonencode(var.namespace)} }", ""],
  ))]))

  # The user data that can also be filled in by hand, filled in.
  contents = {
    "/run/backlogd-setup/package"       = "url='${var.package_url}'\nsha256='${var.package_sha256}'\n"
    "/run/backlogd-setup/backlogd.toml" = local.settings
  }
  document = yamldecode(file("${path.module}/../user-data/backlogd.yaml"))
  user_data = join("\n", ["#cloud-config", yamlencode(merge(local.document, {
    write_files = [for it in local.document.write_files : merge(it, { content = lookup(local.contents, it.path, it.content) })]
  }))])
}

resource "aws_iam_role" "host" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "reading" {
  name = "reading"
  role = aws_iam_role.host.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        Resource = distinct(compact(flatten([for it in values(var.scalers) : [it.queue_arn, it.dead_letter_queue_arn]])))
      },
      {
        Effect   = "Allow"
        Action   = ["autoscaling:DescribeAutoScalingGroups", "cloudwatch:GetMetricData"]
        Resource = "*"
      },
      {
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = var.namespace } }
      },
    ], [for arn in local.topics : { Effect = "Allow", Action = "sns:Publish", Resource = arn }])
  })
}

resource "aws_iam_role_policy" "driving" {
  count = anytrue([for scaler in values(var.scalers) : scaler.drive]) ? 1 : 0
  name  = "driving"
  role  = aws_iam_role.host.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "autoscaling:SetDesiredCapacity", Resource = local.driven },
      { Effect = "Allow", Action = "autoscaling:DescribeInstanceRefreshes", Resource = "*" },
    ]
  })
}

resource "aws_iam_role_policy" "package" {
  count = local.in_bucket ? 1 : 0
  name  = "package"
  role  = aws_iam_role.host.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:${data.aws_partition.current.partition}:s3:::${local.object}" }]
  })
}

resource "aws_iam_role_policy_attachment" "sessions" {
  count      = var.session_manager ? 1 : 0
  role       = aws_iam_role.host.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "host" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.host.name
}

resource "aws_security_group" "egress_only" {
  name_prefix = "${var.name}-"
  description = "Nothing in, HTTPS out. Name resolution, time and metadata of the VPC are not filtered."
  vpc_id      = var.vpc_id

  egress {
    description = "AWS and the package"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_launch_template" "host" {
  name_prefix            = "${var.name}-"
  image_id               = var.image_id
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.egress_only.id]
  user_data              = base64encode(local.user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.host.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type = "gp3"
      volume_size = 8
      encrypted   = true
    }
  }

  credit_specification {
    cpu_credits = "standard"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = var.name }
  }

  lifecycle {
    precondition {
      condition     = length(local.user_data) <= 16384
      error_message = "User data may have 16 KiB: fewer scalers, or files of their own in /etc/backlogd/conf.d."
    }
  }
}

resource "aws_autoscaling_group" "host" {
  name_prefix         = "${var.name}-"
  min_size            = 1
  max_size            = 1
  vpc_zone_identifier = var.subnet_ids
  depends_on          = [aws_iam_role_policy.reading, aws_iam_role_policy.package]

  launch_template {
    id      = aws_launch_template.host.id
    version = aws_launch_template.host.latest_version
  }

  # The old one goes before the new one is there: only one daemon is to drive.
  instance_maintenance_policy {
    min_healthy_percentage = 0
    max_healthy_percentage = 100
  }

  # New user data, such as new settings, mean a new instance.
  instance_refresh {
    strategy = "Rolling"
  }
}
