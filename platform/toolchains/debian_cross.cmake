# What the toolchain files share: the compilers named FCN_TARGET-gcc and -g++, libraries and headers of the target
# alone, programs of the build machine, and FCN_EMULATOR to run what was built.
set(CMAKE_C_COMPILER ${FCN_TARGET}-gcc)
set(CMAKE_CXX_COMPILER ${FCN_TARGET}-g++)
set(CMAKE_FIND_ROOT_PATH /usr/${FCN_TARGET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${FCN_EMULATOR} -L /usr/${FCN_TARGET})
