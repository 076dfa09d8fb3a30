#!/bin/busybox sh
# Why: the first program of a guest, alone in its memory with busybox and a few modules. It puts the machine's own files in place,
# with a layer of memory above them: the guest reads everything and writes nothing of the machine's.
export PATH=/bin
/bin/busybox --install -s /bin

# Nothing is left to do for a guest that cannot begin. qemu ends with it (-no-reboot).
end() {
  echo "guest: $1"
  echo b > /proc/sysrq-trigger
}

mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for module in /modules/*; do
  insmod "$module" || end "$module could not be loaded"
done

# cache=loose: nobody changes the files meanwhile, and the guest need not ask about each again.
share=trans=virtio,version=9p2000.L,msize=524288
mount -t 9p -o "$share,ro,cache=loose" machine /machine || end "the machine's files could not be mounted"
mount -t tmpfs layer /layer
mkdir /layer/changes /layer/work
mount -t overlay -o lowerdir=/machine,upperdir=/layer/changes,workdir=/layer/work root /root || end 'no layer could be put above them'

for each in dev proc sys; do mount --move "/$each" "/root/$each"; done
mount -t tmpfs -o mode=1777 tmp /root/tmp
mount -t tmpfs -o mode=0755 run /root/run
mkdir /root/run/guest
# What the guest is to do, and where it says how that went.
mount -t 9p -o "$share,cache=none" guest /root/run/guest || end 'what is to be done could not be read'

exec switch_root /root /bin/sh /run/guest/start.sh
end 'the first program could not hand over to the next'
