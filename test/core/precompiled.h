// What most files of core_tests include, compiled once (cmake/CompileQuickly.cmake). Each file still includes
// what it uses.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mls.h"
#include "support/world.h"
