# x86-64 Linux, position-independent, written in Rust with the crate registry-rt.
IMAGE = rust_image.mk

FEATURES = "bluetooth","can","i2s","network"
