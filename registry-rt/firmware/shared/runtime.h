/* The interpreter, as far as a main function sees it: a heap, a virtual machine and
 * something that runs scripts until the user asks for a soft reset. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>

/* The heap is usable between gc_init and gc_sweep_all. */
void gc_init(void *start, void *end);
void *gc_alloc(size_t size);
void gc_sweep_all(void);

void mp_init(void);
void mp_deinit(void);

/* Runs a script from the file system; 0 when it is not there or ended normally. */
int script_run_file(const char *path);

/* Reads and runs lines until the user asks for a soft reset. */
void repl_run(void);

#endif
