output "group_name" {
  description = "The group of one that the host is in."
  value       = aws_autoscaling_group.host.name
}

output "role_arn" {
  description = "The host's role, for queue policies and roles of other accounts."
  value       = aws_iam_role.host.arn
}

output "security_group_id" {
  description = "Nothing in, HTTPS out."
  value       = aws_security_group.egress_only.id
}

output "user_data" {
  description = "The host's user data, in the clear: it holds no secrets."
  value       = local.user_data
}
