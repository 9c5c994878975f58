#!/bin/sh
# Boots the throwaway host: what Docker mounted read-only is opened, then engine and sshd start.
set -eu

mount -o remount,bind,rw /sys 2>/dev/null || true
awk '$2 ~ "^/sys/fs/cgroup/" { print $2 }' /proc/mounts | while read -r mounted; do
  mount -o remount,bind,rw "$mounted" 2>/dev/null || true
done
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  # cgroup v2: a group that hands controllers to its children may not hold processes itself.
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
  sed 's/\([^ ]\+\)/+\1/g' /sys/fs/cgroup/cgroup.controllers \
    > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
fi

if [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then # the first boot
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
  # The volume may hold an earlier host's containers: they wait to be removed, and do not start.
  for settings in /var/lib/docker/containers/*/hostconfig.json; do
    [ ! -e "$settings" ] ||
      sed -i 's/"RestartPolicy":{"Name":"[a-z-]*"/"RestartPolicy":{"Name":"no"/' "$settings"
  done
fi
printf '%s\n' "$AUTHORIZED_KEY" > /home/ec2-user/.ssh/authorized_keys
chown ec2-user: /home/ec2-user/.ssh/authorized_keys

mkdir -p /run/sshd
dockerd >> /var/log/dockerd.log 2>&1 &
exec /usr/sbin/sshd -D -e
