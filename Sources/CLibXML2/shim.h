#pragma once

// Debian's libxml2 is built with ICU, and its encoding.h then includes ICU's
// headers. They redefine types of the ICU inside Foundation, and no file could
// import both. We read no ICU type, so we leave those headers out.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>
