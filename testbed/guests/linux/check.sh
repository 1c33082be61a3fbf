#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Looks at the virtual machine from inside. Each check prints a line `check NAME: ok` or
# `check NAME: FAILED`, with what it saw:
#
#   check memory MIB        the guest has so much memory
#   check interrupts        timer and devices interrupt, and none comes astray
#   check clock             the TSC is the clock
#   check time SECONDS      the clock and the RTC agree for so long, to 1 %
#   check disk SHA256       what the disk holds
#   check disk-write        what is written to the disk is read from it
#   check random            random numbers come
#   check ping ADDRESS      the neighbour answers, within a minute
#   check all MIB SHA256 ADDRESS SECONDS

name=$1

verdict() {
	if "$@"; then echo "check $name: ok ($saw)"; else echo "check $name: FAILED ($saw)"; fi
}

# Milliseconds since the start, by the clock.
now() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

# The sum of all interrupts of what matches.
count() { awk "/$1/ { sum += \$2 } END { print sum + 0 }" /proc/interrupts; }

# Waits for the next second of the RTC, and says when it came.
second() {
	rtc=/sys/class/rtc/rtc0/since_epoch
	before=$(cat $rtc)
	while [ "$(cat $rtc)" = "$before" ]; do :; done
	now
}

case $name in
memory)
	# What lies between 640 KiB and 1 MiB is no memory.
	size=0
	for range in /sys/firmware/memmap/*; do
		if [ "$(cat "$range/type")" = "System RAM" ]; then
			size=$((size + $(cat "$range/end") - $(cat "$range/start") + 1))
		fi
	done
	saw="$((size >> 10)) KiB of RAM, $(awk '/MemTotal/ { print $2 }' /proc/meminfo) KiB in use"
	verdict [ $size -eq $((($2 << 20) - (384 << 10))) ]
	;;
interrupts)
	timer=$(count LOC)
	devices=$(count virtio)
	sleep 1
	cat /proc/interrupts
	saw="timer $timer, then $(count LOC); devices $devices; spurious $(count SPU); errors $(count ERR)"
	verdict [ "$(count LOC)" -gt "$timer" -a "$devices" -gt 0 -a "$(count 'SPU|ERR|MIS')" -eq 0 ]
	;;
clock)
	saw=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
	verdict [ "$saw" = tsc ]
	;;
time)
	start=$(second)
	sleep $(($2 - 1))
	took=$(($(second) - start))
	saw="$took ms for $2 s"
	verdict [ $took -ge $(($2 * 990)) -a $took -le $(($2 * 1010)) ]
	;;
disk)
	saw=$(sha256sum /dev/vda | cut -d ' ' -f 1)
	verdict [ "$saw" = "$2" ]
	;;
disk-write)
	if [ "$(cat /sys/block/vda/ro)" = 1 ]; then
		saw="read-only"
		# Not through the page cache, which takes it before the disk is asked.
		refused() { ! dd if=/dev/zero of=/dev/vda bs=4096 count=1 oflag=direct 2>/dev/null; }
		verdict refused
		exit
	fi
	block() { dd if="$1" of="$2" bs=4096 count=16 conv=fsync "$3=16" 2>/dev/null; }
	block /dev/urandom /tmp/block skip
	block /tmp/block /dev/vda seek
	echo 3 >/proc/sys/vm/drop_caches
	saw=$(dd if=/dev/vda bs=4096 skip=16 count=16 2>/dev/null | sha256sum)
	verdict [ "$saw" = "$(sha256sum </tmp/block)" ]
	;;
random)
	saw=$(cat /sys/class/misc/hw_random/rng_current)
	verdict [ "$saw" = virtio_rng.0 -a "$(head -c 64 /dev/hwrng | wc -c)" = 64 ]
	;;
ping)
	for _ in $(seq 30); do
		ping -c 1 -W 2 "$2" >/dev/null && break
	done
	saw=$(ping -c 5 -W 5 "$2" | grep transmitted)
	verdict [ "${saw#*5 packets received}" != "$saw" ]
	;;
all)
	check memory "$2"
	check clock
	check disk "$3"
	check disk-write
	check random
	check ping "$4"
	check interrupts
	check time "$5"
	echo "check all: done"
	;;
*)
	sed -n 's/^#   //p' "$0"
	;;
esac
