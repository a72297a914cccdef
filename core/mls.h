// The engine's one header for those outside core/.
#pragma once

#include "crypto/seal.h"
#include "crypto/sealed_rows.h"
#include "crypto/system_random.h"
#include "crypto/version.h"
#include "group/external_proposal.h"
#include "group/group.h"
#include "group/inbox.h"
#include "group/join.h"
#include "group/successor.h"
#include "group/tracker.h"
#include "message/client_rows.h"
