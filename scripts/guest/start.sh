# Why: the second program of a guest, which has the machine's files by now. It makes ready what a machine has that has started: folders,
# modules, the loopback. Then it does its job (job.sh beside it, which scripts/guest.mjs has written), says how that went, and ends the guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. /run/guest/job.sh

mkdir -p /run/netns /run/slipway /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup

# The kernel asks for further modules as they are needed: it runs /sbin/modprobe.
mkdir -p /lib/modules
mount --bind "$modules" /lib/modules
for module in $load; do
  modprobe "$module" || echo "guest: the module $module could not be loaded"
done
ip link set lo up
echo guest > /proc/sys/kernel/hostname

# A pattern: the kernel numbers the device.
set -- $output
exec > "$1" 2>&1
echo "guest: Linux $(uname -r), up for $(cut -d' ' -f1 /proc/uptime) s"
job
echo $? > /run/guest/status
sync
echo b > /proc/sysrq-trigger
# This program must not end before the kernel does.
sleep 60
