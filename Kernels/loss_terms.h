// The losses by element, by number.
#ifndef LOSS_TERMS_H
#define LOSS_TERMS_H

#define LOSS_ABSOLUTE 0       // |y - t|
#define LOSS_HUBER 1          // Huber's, quadratic up to a distance delta and linear beyond it
#define LOSS_BINARY 2         // binary cross entropy of a probability y
#define LOSS_BINARY_LOGITS 3  // binary cross entropy of sigmoid(y)
#define LOSS_BINARY_SIGMOID 4 // LOSS_BINARY of a sigmoid's output, whose input's gradient is wanted

#endif
