#!/bin/sh
# Makes a guest one that has cgroup v1 alone, as distributions had it before v2.
set -e
for controller in cpu memory pids; do
  echo "-$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
umount /sys/fs/cgroup
mount -t tmpfs cgroups /sys/fs/cgroup
for controllers in cpuset cpu,cpuacct memory devices freezer pids blkio; do
  mkdir "/sys/fs/cgroup/$controllers"
  mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$controllers"
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
