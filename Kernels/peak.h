// Sizes of peak.cl.
#ifndef PEAK_H
#define PEAK_H

#define PEAK_CHAINS 12  // independent sums: enough to hide the latency of a multiply-add on two units

#endif
