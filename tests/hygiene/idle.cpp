// Opens a client and lets it go: check_idle.py watches that nothing else happens.
#include <docupilot/docupilot.h>

int main(int, char** arguments) {
  auto client = docupilot::Client::open(arguments[1]);
  return client ? 0 : 1;
}
