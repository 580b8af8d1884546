// Sizes of gather.cl.
#ifndef GATHER_H
#define GATHER_H

#define GATHER_MOST_CHANNELS 4     // of an image that is normalized by channel
// Floats of a table of a number a channel, repeated so that a vector of 16 can be loaded from any channel on.
#define GATHER_TABLE 20

#endif
