variable "name" {
  description = "What the group, the role and the rest are called."
  type        = string
  default     = "backlogd"
}

variable "package_url" {
  description = "Where the .rpm for the image's architecture is: https://… or s3://BUCKET/KEY."
  type        = string

  validation {
    condition     = can(regex("^(https|s3)://[^\\s']+$", var.package_url))
    error_message = "package_url must be https://… or s3://BUCKET/KEY."
  }
}

variable "package_sha256" {
  description = "What sha256sum says of the package; one that differs is not installed."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{64}$", var.package_sha256))
    error_message = "package_sha256 must be 64 hexadecimal digits."
  }
}

variable "scalers" {
  description = <<-EOT
    The scalers, by name: the ARNs of the queue and of the Auto Scaling group that works on it, both in the region of the
    host; the longest a message should wait, in seconds; whether to set the group's desired capacity; whether an instance
    that is given back finishes its messages; the largest desired capacity to ask for, by default the group's own; and the
    ARN of the queue's dead-letter queue, to have its messages counted.
  EOT
  type = map(object({
    queue_arn              = string
    group_arn              = string
    latency_objective_secs = number
    drive                  = optional(bool, false)
    drains                 = optional(bool, false)
    max_instances          = optional(number)
    dead_letter_queue_arn  = optional(string)
  }))

  validation {
    condition     = length(var.scalers) > 0
    error_message = "At least one scaler is needed."
  }
}

variable "namespace" {
  description = "The CloudWatch namespace of the metrics, the only one the host may write to."
  type        = string
  default     = "Backlogd"
}

variable "topic_arn" {
  description = "The SNS topic that is told of troubles; without it the journal and the metrics have them."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\\.fifo)?$", var.topic_arn))
    error_message = "topic_arn must be arn:PARTITION:sns:REGION:ACCOUNT:NAME."
  }
}

variable "vpc_id" {
  description = "The host's network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets with a way out to AWS's endpoints and to the package."
  type        = list(string)
}

variable "instance_type" {
  description = "The host's instance type, of the image's architecture."
  type        = string
  default     = "t4g.nano"
}

variable "image_id" {
  description = "An image of Amazon Linux 2023; by default the newest at each launch, for arm64."
  type        = string
  default     = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

variable "session_manager" {
  description = "Whether Session Manager may open a shell on the host; nothing else can."
  type        = bool
  default     = true
}
