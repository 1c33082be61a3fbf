#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# /main of a Linux to look around in: a login on the console, as root without a password.
#
# GUEST is its name, ADDRESS that of its network interface, e.g. 10.0.0.1/24.

mkdir -p /etc /root /tmp
echo "root::0:0:root:/root:/bin/sh" >/etc/passwd
echo "root:x:0:" >/etc/group
echo "export PS1='\\h:\\w# '" >/etc/profile
hostname "${GUEST:-guest}"
ip link set lo up
if [ -n "$ADDRESS" ]; then
	ip addr add "$ADDRESS" dev eth0 && ip link set eth0 up || echo "shell: no network"
fi

# The last of the kernel's consoles is the one that programs get.
console=$(sed 's/.* //' /sys/class/tty/console/active)
while true; do
	setsid getty -L 0 "$console" dumb
done
