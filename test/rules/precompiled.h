// What most files of rules_tests include, compiled once (cmake/CompileQuickly.cmake). Each file still
// includes what it uses.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "kit/forged_commit.h"
#include "kit/invitation.h"
#include "kit/leaf_routes.h"
#include "kit/raw_public.h"
#include "kit/scene.h"
#include "mls.h"
