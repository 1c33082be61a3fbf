#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# /main of the Linux that `make bench T=vf` compares with: Linux' own igb on the physical function,
# igbvf on two virtual functions, each in a network namespace so that packets between them go
# through the device's switch, and an NVMe virtual function with its own namespace.
#
# ROUNDS, DATAGRAMS and MEBIBYTES say how much is measured. With SERVE=1 it ends as a TCP echo server on the
# first virtual function.
set -e

pci=/sys/bus/pci/devices
igb=$pci/0000:00:03.0
nvme=$pci/0000:00:04.0
network=10.0.2
first=$network.15
second=$network.16
gateway=$network.2

# What `ls` finds once it is there.
await() {
	for _ in $(seq 100); do
		if ls "$@" 2>/dev/null; then return; fi
		sleep 0.1
	done
	echo "vf: $* did not appear" >&2
	return 1
}

await_link() {
	for _ in $(seq 100); do
		if "$@" cat "/sys/class/net/$interface/carrier" | grep -q 1; then return; fi
		sleep 0.1
	done
	echo "vf: no link on $interface" >&2
	return 1
}

# Until all three of them wait for somebody.
await_servers() {
	for _ in $(seq 100); do
		waiting=$(nsenter -t $space -n cat /proc/net/udp /proc/net/tcp | grep -c ':000[79] 00000000:0000' || true)
		if [ "$waiting" = 3 ]; then return; fi
		sleep 0.1
	done
	echo "vf: $waiting of 3 servers have begun" >&2
	return 1
}

ip link set lo up
ip link set "$(await $igb/net)" up
echo 2 >$igb/sriov_numvfs
interface=$(await $pci/0000:00:13.0/net)
other=$(await $pci/0000:00:13.2/net)

unshare -n sleep 1000000 &
space=$!
# It has its own only after a moment.
until [ "$(readlink /proc/$space/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link set "$other" netns $space
ip addr add $first/24 dev "$interface"
ip link set "$interface" up
nsenter -t $space -n ip addr add $second/24 dev "$other"
nsenter -t $space -n ip link set "$other" up
await_link
ip route add default via $gateway
ping -c 1 -w 20 $gateway >/dev/null
ping -c 1 -w 20 $second >/dev/null

nsenter -t $space -n probe echo-server 7 &
nsenter -t $space -n probe stream-server --sink 9 &
nsenter -t $space -n probe flood-server 9 &
await_servers
probe stream vf-vf-tcp-throttled $second:9 "$MEBIBYTES"
probe echo vf-vf-throttled $second:7 "$ROUNDS"
probe flood vf-vf-udp-throttled $second:9 "$DATAGRAMS"
probe ping vf-net-throttled $gateway "$ROUNDS"

# As shipped, igbvf trades latency for fewer interrupts. At its quickest:
probe coalesce "$interface" 0
nsenter -t $space -n probe coalesce "$other" 0
probe stream vf-vf-tcp $second:9 "$MEBIBYTES"
probe echo vf-vf $second:7 "$ROUNDS"
probe flood vf-vf-udp $second:9 "$DATAGRAMS"
probe ping vf-net $gateway "$ROUNDS"

# The driver gives a virtual function up that is not online yet.
echo 0 >$nvme/sriov_drivers_autoprobe
echo 1 >$nvme/sriov_numvfs
probe nvme-online /dev/nvme0 1 1
echo 1 >$nvme/sriov_drivers_autoprobe
echo 0000:00:04.1 >/sys/bus/pci/drivers/nvme/bind
disk=$(await /dev/nvme*n1)
probe read nvme-read "$disk" "$ROUNDS"
probe read nvme-read-8 "$disk" "$ROUNDS" --depth 8

if [ "$SERVE" = 1 ]; then probe stream-server 7; fi
