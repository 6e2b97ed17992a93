// The block function as a compiler without vector types gets it, under another namespace.
#define FCN_NO_VECTORS
#define fcn fcn_portable
#include "platform/internal/chacha20_portable.cpp"
