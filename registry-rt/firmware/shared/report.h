/* What the sample firmware says while it runs: the name of each function, from inside
 * that function, one a line on standard output. The order of these lines is the
 * truth that tables read from the ELF are compared with. */
#ifndef REPORT_H
#define REPORT_H

/* First statement of every init and deinit function. */
#define REPORT_CALL() report_line("", __func__)

/* First statement of a function that orders the others without being one of them:
 * gc_init, mp_init, the runners of scripts. */
#define REPORT_LANDMARK() report_line("# ", __func__)

/* Said by main when it enters a part of its life: boot, start, stop, off. */
#define REPORT_STAGE(stage) report_line("# ", stage)

void report_line(const char *prefix, const char *text);

#endif
