# Before the files, so that the settings get their group. The line is that of the package's sysusers.d file.
echo 'u backlogd - "Queue-backlog autoscaler" -' |
    systemd-sysusers --replace=/usr/lib/sysusers.d/backlogd.conf - >/dev/null 2>&1 || :
