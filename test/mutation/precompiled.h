// What most files of the engine include, compiled once for the engine with numbered checks
// (cmake/CompileQuickly.cmake).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "mls.h"
