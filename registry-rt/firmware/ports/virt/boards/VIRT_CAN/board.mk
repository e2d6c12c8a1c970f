# Its peripherals are in machine.c, which every board links.
