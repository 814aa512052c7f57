# SPDX-License-Identifier: GPL-2.0-or-later
# U-Boot script (boot.scr): loads Umbra, the layout and the files that the layout names, and starts Umbra.
#
# The modules are the nodes in /chosen, up to 32, whatever they are called. The file that a module's property `file` names
# is loaded, and the property `reg` is set to <address size>. A file that cannot be loaded gets no reg: Umbra then
# says which one is missing.
# A file called `native` on the card boots the guest's kernel without Umbra instead, with the layout's bootargs.
#
# A card with several layouts has layouts/NAME.dtb for each and a menu of them, layouts.conf, in the format of extlinux.conf: the word
# after `append` is the name, `timeout` counts tenths of a second. At U-Boot's prompt, `setenv layout NAME; boot` does without it.

setenv card "mmc 0:1"
setenv layout_addr 0x88000000
setenv umbra_addr 0x81000000
# Files go up from here, each to a multiple of 1 MiB, and must stay below what U-Boot itself and Umbra use: 48 MiB below the end of RAM,
# whose size on each chip select U-Boot's SPL wrote to the memory controller (SDRC_MCFG, bits 17:8, units of 2 MiB).
setenv next 0x88100000
setexpr.l cs0 *0x6d000080 "&" 0x3ff00
setexpr.l cs1 *0x6d0000b0 "&" 0x3ff00
setexpr limit ${cs0} + ${cs1}
setexpr limit ${limit} * 0x2000
setexpr limit ${limit} + 0x7d000000

if test -z "${layout}" && test -e ${card} layouts.conf; then
	# An entry for `localboot` sets bootargs and runs this command.
	setenv localcmd 'setenv layout ${bootargs}'
	sysboot ${card} any ${layout_addr} layouts.conf
fi
if test -n "${layout}"; then
	setenv layout_file layouts/${layout}.dtb
else
	setenv layout_file layout.dtb
fi

if load ${card} ${layout_addr} ${layout_file} && fdt addr ${layout_addr}; then
	setenv layout_ok 1
else
	echo "boot.scr: ${layout_file} is missing or is no device tree"
	setenv layout_ok 0
fi

if test -e ${card} native; then
	echo "boot.scr: booting the guest natively, without Umbra"
	if test ${layout_ok} = 1; then
		fdt get value bootargs /guest bootargs
	fi
	if load ${card} 0x82000000 vmlinuz && load ${card} 0x88000000 guest.dtb && load ${card} 0x88100000 initrd.gz; then
		setenv fdt_high 0xffffffff
		setenv initrd_high 0xffffffff
		bootz 0x82000000 0x88100000:${filesize} 0x88000000
	fi
	echo "boot.scr: native boot failed"
	exit
fi

if test ${layout_ok} = 1; then
	fdt resize 4096
	setenv modules 0
	fdt get size modules /chosen
	# `test` and the size count in tens, the index of `fdt get name` and setexpr in sixteens.
	setenv index 0
	for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31; do
		if test ${number} -lt ${modules}; then
			setenv file
			fdt get name module /chosen ${index}
			fdt get value file /chosen/${module} file
			setexpr index ${index} + 1
			# The layout's reg is a placeholder.
			fdt rm /chosen/${module} reg
			if size ${card} "${file}"; then
				setexpr end ${next} + ${filesize}
				if itest ${end} -gt ${limit}; then
					echo "boot.scr: ${file} is too big: 0x${filesize} bytes"
				elif load ${card} ${next} "${file}"; then
					fdt set /chosen/${module} reg <${next} 0x${filesize}>
					setexpr next ${end} + 0xfffff
					setexpr next ${next} / 0x100000
					setexpr next ${next} * 0x100000
					setenv next 0x${next}
				else
					echo "boot.scr: cannot load ${file}"
				fi
			else
				echo "boot.scr: ${file} is not on the card"
			fi
		fi
	done
fi

if load ${card} ${umbra_addr} umbra.img; then
	setenv fdt_high 0xffffffff
	setenv bootargs
	if test ${layout_ok} = 0; then
		# bootm wants some device tree: U-Boot's own, marked, so that Umbra can say what is wrong.
		fdt addr ${fdtcontroladdr}
		fdt move ${fdtcontroladdr} ${layout_addr} 0x20000
		fdt set / compatible "umbra,no-layout"
	fi
	bootm ${umbra_addr} - ${layout_addr}
fi
echo "boot.scr: umbra.img cannot be started"
