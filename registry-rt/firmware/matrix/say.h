/* A line on the standard output of whoever runs the image. */
#ifndef SAY_H
#define SAY_H

void say(const char *line);

#endif
