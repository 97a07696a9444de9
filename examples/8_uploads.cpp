// 8. Large files: sent in parts, several at a time; paused, cut short, gone on with, and swept.
//
//     8_uploads                                                    # into a folder
//     8_uploads 's3://bucket?endpoint=http://127.0.0.1:9000'       # MinIO; keys from AWS_ACCESS_KEY_ID and so on
//
// What has arrived is written in a journal. Kill this program at any instant and start it again: it goes on.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <docupilot/docupilot.h>

using namespace docupilot;

namespace {

constexpr std::uint64_t mebibyte = 1U << 20U;

void draw(const TransferProgress& now) {
  const auto percent = (now.bytes_done + now.bytes_moving) * 100 / now.bytes_total.value_or(1);
  std::string bar(percent / 5, '#');
  bar.resize(20, '.');
  std::cout << "  [" << bar << "] " << percent << " %, " << now.parts_done << " of " << now.parts_total.value_or(0)
            << " parts, " << static_cast<std::uint64_t>(now.bytes_per_second) / mebibyte << " MiB/s\n";
}

void wait_for_parts(const Upload& upload, std::uint64_t parts) {
  while (!upload.ended() && upload.progress().parts_done < parts) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::create_directory("cargo");
  std::ofstream("cargo/manifest.bin", std::ios::binary) << std::string(64 * mebibyte, 'o');  // oranges, all of it

  auto opened = Registry::with_builtins().open_store(argc > 1 ? argv[1] : "file:cargo/depot");
  if (!opened) return std::cerr << opened.error().to_string() << '\n', 1;
  const std::shared_ptr<ObjectStore> store = *std::move(opened);
  UploaderOptions options{.journal = "cargo/uploads.db",
                          .connections = 4,
                          .part_size = 5 * mebibyte,
                          .bytes_per_second = 40 * mebibyte};  // slow, so that there is something to see
  const std::shared_ptr<Source> source = file_source("cargo/manifest.bin").value();

  std::cout << "On its way:\n";
  {
    auto uploader = make_uploader(store, options).value();
    auto upload = uploader->start(source, "manifest", {.on_progress = draw});
    wait_for_parts(*upload, 4);
    upload->pause();  // a meeting, a metered line; nothing goes out until
    std::cout << "Paused.\n";
    upload->resume();
    wait_for_parts(*upload, 7);
    upload->cancel();  // or the power fails: what the journal knows stays at the store
    auto ended = upload->wait();
    if (ended) return std::cerr << "It was faster than we are.\n", 1;
    std::cout << "Cut short: " << ended.error().to_string() << '\n';
  }

  std::cout << "\nAnother day, another process:\n";
  auto uploader = make_uploader(store, options).value();
  uploader->limit_rate(0);  // as fast as it goes
  auto done = uploader->upload(*source, "manifest");
  if (!done) return std::cerr << done.error().to_string() << '\n', 1;
  std::cout << "Arrived: " << done->object.size / mebibyte << " MiB in " << done->parts << " parts, of which "
            << done->parts_resumed << " had come before; only " << done->bytes_sent / mebibyte << " MiB were sent.\n";

  // An upload that nobody will go on with: what was sent of it is taken away.
  uploader->limit_rate(40 * mebibyte);
  {
    auto given_up = uploader->start(source, "given-up");
    wait_for_parts(*given_up, 2);
  }  // gone, and with it the upload
  for (const SweptUpload& swept : uploader->sweep(Duration(), false).value()) {
    std::cout << "Swept:   " << swept.upload.key << (swept.error ? ", in vain" : "") << '\n';
  }

  auto downloader = make_downloader(store).value();  // in ranges, and it goes on likewise
  auto back = downloader->to_file("manifest", "cargo/manifest.copy");
  if (!back) return std::cerr << back.error().to_string() << '\n', 1;
  std::cout << "Back:    " << (back->crc64nvme == done->crc64nvme ? "the same bytes" : "other bytes") << '\n';
  return back->crc64nvme == done->crc64nvme && done->parts_resumed > 0 ? 0 : 1;
}
