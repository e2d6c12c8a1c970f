# Its flashing tool knows .isr_vector, .text and .data only.
LD_SCRIPT = mps2_merged.ld
