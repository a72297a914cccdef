// The rule that is being tested: the id that a test case's name begins with, such as "R6.1-02".
#pragma once

#include <optional>
#include <string>

namespace mls::test {

// CurrentRule gives the ids of the running test case, as they stand in its name before the colon.
const std::string& CurrentRule();

// FileOf gives the path of a file with this ending for this process alone, in the folder that
// NODE_MLS_RULES_JOURNAL names; none without it.
std::optional<std::string> FileOf(const std::string& ending);

}  // namespace mls::test
