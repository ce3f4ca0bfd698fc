journalctl --update-catalog >/dev/null 2>&1 || :
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload >/dev/null 2>&1 || :
    # An upgrade: the new version takes over where the old one ran.
    if [ "$1" -ge 1 ]; then
        systemctl try-restart backlogd.service >/dev/null 2>&1 || :
    fi
fi
