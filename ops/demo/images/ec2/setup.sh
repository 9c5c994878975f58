#!/bin/sh
# Makes a Debian container look like an EC2 host: SSH, ec2-user with sudo, an engine of its own.
set -eu
here=$(dirname "$0")
export DEBIAN_FRONTEND=noninteractive

echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/throwaway # it is rebuilt, never repaired
apt-get -qq update
apt-get -qq -y install --no-install-recommends \
  openssh-server sudo passwd tini procps iproute2 iptables python3 curl ca-certificates \
  docker.io docker-cli docker-compose docker-buildx
apt-get -qq clean
rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*

useradd --create-home --uid 1000 --shell /bin/bash --groups docker,sudo ec2-user
install -d -m 700 -o ec2-user -g ec2-user /home/ec2-user/.ssh
echo 'ec2-user ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ec2-user
chmod 440 /etc/sudoers.d/ec2-user

install -D -m 644 "$here/sshd.conf" /etc/ssh/sshd_config.d/throwaway.conf
install -D -m 644 "$here/daemon.json" /etc/docker/daemon.json
install -m 755 "$here/entry.sh" /usr/local/sbin/throwaway-host
rm -rf "$here"
