// The rule that is being tested: the id that a test case's name begins with, such as "R6.1-02".
#pragma once

#include <string>

namespace mls::test {

// CurrentRule gives the ids of the running test case, as they stand in its name before the colon.
const std::string& CurrentRule();

}  // namespace mls::test
