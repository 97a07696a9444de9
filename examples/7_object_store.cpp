// 7. The same documents, elsewhere.
//
//     7_object_store                                          # a folder
//     7_object_store 's3://bucket?endpoint=http://127.0.0.1:9000'   # MinIO; keys from AWS_ACCESS_KEY_ID and so on
//     7_object_store 's3://bucket?region=eu-central-1'         # AWS
//
// Where the bytes rest is one line of configuration. Metadata and index stay in the folder; nothing else changes.

#include <iostream>

#include <docupilot/docupilot.h>

using namespace docupilot;

int main(int argc, char** argv) {
  Config config = Config::embedded("./shipping");
  if (argc > 1) config.store = argv[1];

  auto client = Client::open(config);
  if (!client) return std::cerr << client.error().to_string() << '\n', 1;
  auto note = memory_source(std::string("The ship came in at noon. Her hold was full of oranges."), "arrival.txt");
  auto kept = client->ingest(*note, {.id = "arrival"});
  if (!kept) {  // which bucket, which key, how often it was tried, and what to do
    std::cerr << kept.error().to_string() << '\n';
    return 1;
  }
  const std::string& key = kept->document.object.key;
  std::cout << "Stored in:  " << BackendUrl::redacted(client->config().store) << ", as " << key << '\n';

  MemoryWriter back;
  client->download("arrival", back).value();  // checked against its SHA-256 on the way
  std::cout << "Came back:  " << back.text() << '\n';

  // A store can also be used by itself, without documents.
  auto store = Registry::with_builtins().open_store(client->config().store).value();
  std::cout << "It has:     " << (store->capabilities().multipart ? "multipart uploads, " : "")
            << (store->capabilities().conditional_put ? "conditional writes, " : "")
            << (store->capabilities().presign ? "presigned URLs\n" : "no presigned URLs\n");
  if (store->capabilities().presign) {  // whoever holds it can read this one object for a minute
    std::cout << "For curl:   " << store->presign(key, {.expires = Duration::milliseconds(60'000)}).value().expose()
              << '\n';
  }
  return client->remove("arrival") ? 0 : 1;
}
