#include "tensor_kernels.h"

#define FCN_VEC_FLOATS 4
#define FCN_TAP_COLUMNS 2
#define FCN_TABLE kTensorKernelsScalar
#define FCN_TABLE_NAME "scalar"
#include "tensor_kernels.inc"
