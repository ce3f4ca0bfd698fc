# A queue with a dead-letter queue, a group of workers on it, and a monitoring host that sets the group's size.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.31"
    }
  }
}

variable "package_url" {
  description = "Where the .rpm for arm64 is: https://… or s3://BUCKET/KEY."
  type        = string
}

variable "package_sha256" {
  description = "What sha256sum says of it."
  type        = string
}

variable "vpc_id" {
  description = "Where all of it runs."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets with a way out to AWS's endpoints and to the package."
  type        = list(string)
}

variable "work" {
  description = "The work: a shell command with the message on its standard input."
  type        = string
  default     = "sleep 5"

  validation {
    condition     = can(regex("^[^'\\\\\n]+$", var.work))
    error_message = "work must be one line without single quotes and backslashes."
  }
}

data "aws_partition" "current" {}

locals {
  visibility_secs = 120
  group           = "image-workers"

  worker_env = join("\n", [
    "QUEUE_URL='${aws_sqs_queue.images.url}'",
    "GROUP='${local.group}'",
    "VISIBILITY_SECS='${local.visibility_secs}'",
    "WORK='${var.work}'",
    "",
  ])
  worker = yamldecode(file("${path.module}/../../../user-data/worker.yaml"))
  worker_user_data = join("\n", ["#cloud-config", yamlencode(merge(local.worker, {
    write_files = [for it in local.worker.write_files : merge(it, it.path == "/etc/worker.env" ? { content = local.worker_env } : {})]
  }))])
}

module "backlogd" {
  source = "../.."

  package_url    = var.package_url
  package_sha256 = var.package_sha256
  vpc_id         = var.vpc_id
  subnet_ids     = var.subnet_ids

  scalers = {
    images = {
      queue_arn              = aws_sqs_queue.images.arn
      dead_letter_queue_arn  = aws_sqs_queue.dead_letters.arn
      group_arn              = aws_autoscaling_group.workers.arn
      latency_objective_secs = 300
      drive                  = true
      drains                 = true
    }
  }
}

resource "aws_sqs_queue" "images" {
  name                       = "images"
  visibility_timeout_seconds = local.visibility_secs
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn, maxReceiveCount = 5 })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "images-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_iam_role" "worker" {
  name_prefix = "image-worker-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "working" {
  name = "working"
  role = aws_iam_role.worker.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
        Resource = aws_sqs_queue.images.arn
      },
      { Effect = "Allow", Action = "autoscaling:SetInstanceProtection", Resource = aws_autoscaling_group.workers.arn },
    ]
  })
}

resource "aws_iam_instance_profile" "worker" {
  name_prefix = "image-worker-"
  role        = aws_iam_role.worker.name
}

resource "aws_launch_template" "worker" {
  name_prefix            = "image-worker-"
  image_id               = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
  instance_type          = "t4g.micro"
  vpc_security_group_ids = [module.backlogd.security_group_id]
  user_data              = base64encode(local.worker_user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.worker.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_autoscaling_group" "workers" {
  name                = local.group
  min_size            = 0
  max_size            = 10
  vpc_zone_identifier = var.subnet_ids

  launch_template {
    id      = aws_launch_template.worker.id
    version = aws_launch_template.worker.latest_version
  }

  # What backlogd sets is not Terraform's to put back.
  lifecycle {
    ignore_changes = [desired_capacity]
  }
}
