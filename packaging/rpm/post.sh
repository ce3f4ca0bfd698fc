# Which roles to assume may stand there: what is written to it, however, only root and the service can read.
# Once, so that who may later is the operator's choice.
if [ "$1" -eq 1 ]; then
    chgrp backlogd /etc/backlogd/conf.d && chmod 750 /etc/backlogd/conf.d
fi
journalctl --update-catalog >/dev/null 2>&1 || :
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload >/dev/null 2>&1 || :
fi
# Neither enabled nor started: that is the operator's to say, once the settings are written.
