// Preprocessed by the build to see whether oneTBB is there, and which.
#include <oneapi/tbb/version.h>
TBB_VERSION_MAJOR TBB_VERSION_MINOR
