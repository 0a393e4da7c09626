#!/bin/sh
# Second program of a guest: mounts what a machine has, runs the command of the bundle in it, tells
# its exit code through the second serial port, and switches off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
for folder in /dev/shm /run /tmp /bulwark; do mount -t tmpfs tmp "$folder"; done
mount -t cgroup2 cgroup /sys/fs/cgroup
for controller in cpu memory pids; do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracing /sys/kernel/tracing
mount -t securityfs security /sys/kernel/security
ln -s /proc/self/fd /dev/fd 2>/dev/null
ip link set lo up
export BULWARK_GUEST=1 NODE_COMPILE_CACHE=/run/node
echo 'guest: ready'
hostname guest
tar xf /dev/vdb -C /bulwark
# Of the addon: they are the host's, as all programs here.
export LD_LIBRARY_PATH=/bulwark/.guest/libraries
cd /bulwark && sh /bulwark/.guest/command </dev/null
echo "exit $?" >/dev/ttyS1
sync
poweroff -f
