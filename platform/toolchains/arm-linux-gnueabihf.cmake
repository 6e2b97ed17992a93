# 32-bit ARM (ARMv7) under Linux, with Debian's cross compiler (g++-arm-linux-gnueabihf).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7)
set(FCN_TARGET arm-linux-gnueabihf)
set(FCN_EMULATOR qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/debian_cross.cmake)
