#!/bin/busybox sh
# First program of a guest: loads the modules and goes on in the root image.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
while read -r module; do
  $b insmod "/modules/$module" || echo "guest: cannot load $module"
done </modules/order
waited=0
until [ -b /dev/vda ]; do
  [ "$((waited += 1))" -lt 500 ] || { echo 'guest: no root disk' && $b poweroff -f; }
  $b usleep 20000
done
$b mount -t ext4 -o noatime /dev/vda /root
$b umount /proc
$b mount --move /dev /root/dev
exec $b switch_root /root /sbin/init
