// Modes of dropout_forward.
#ifndef DROPOUT_H
#define DROPOUT_H

#define DROPOUT_PLAIN 0  // y = x where kept
#define DROPOUT_RELU 1   // y = relu(x) where kept

#endif
