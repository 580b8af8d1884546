// Places of the numbers that change from one training step to the next, in a buffer of 32-bit words.
#ifndef STEP_VALUES_H
#define STEP_VALUES_H

#define STEP_VALUE_DROPOUT 0       // the step that dropout masks are drawn for
#define STEP_VALUE_BATCH 1         // where the batch begins in the order of the data set
#define STEP_VALUE_RATES 2         // floats: an optimizer's rates, see optimizer.cl
#define STEP_VALUES 8

#endif
