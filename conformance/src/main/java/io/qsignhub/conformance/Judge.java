package io.qsignhub.conformance;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Judges every file of a folder and writes one JSON for each.
 *
 * <pre>judge [--trust PEM]... [--pdfa] [--offline] --out DIR FOLDER</pre>
 *
 * What a detached signature FILE is over stands in the folder FILE.content beside it, under its own name.
 * With --pdfa also veraPDF judges each PDF that claims to be PDF/A.
 */
public final class Judge {

    private Judge() {
    }

    public static void main(String[] arguments) throws Exception {
        List<Path> anchors = new ArrayList<>();
        Path out = null;
        Path folder = null;
        boolean pdfa = false;
        boolean online = true;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--trust" -> anchors.add(Path.of(arguments[++i]));
                case "--out" -> out = Path.of(arguments[++i]);
                case "--pdfa" -> pdfa = true;
                case "--offline" -> online = false;
                default -> folder = Path.of(arguments[i]);
            }
        }
        if (out == null || folder == null) {
            System.err.println("usage: judge [--trust PEM]... [--pdfa] [--offline] --out DIR FOLDER");
            System.exit(2);
        }
        judge(folder, out, new Signatures(anchors, online), pdfa);
    }

    private static void judge(Path folder, Path out, Signatures signatures, boolean pdfa) throws Exception {
        Files.createDirectories(out);
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.filter(Files::isRegularFile).sorted().toList();
        }
        ObjectMapper json = new ObjectMapper();
        ExecutorService workers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<Future<Void>> tasks = new ArrayList<>();
        for (Path file : files) {
            tasks.add(workers.submit(() -> {
                Map<String, Object> verdict = signatures.verdict(file);
                if (pdfa && file.getFileName().toString().endsWith(".pdf")) {
                    verdict.put("pdfa", PdfArchive.verdict(file));
                }
                write(json, out.resolve(file.getFileName() + ".json"), verdict);
                return null;
            }));
        }
        int done = 0;
        for (Future<Void> task : tasks) {
            task.get();
            if (++done % 50 == 0) {
                System.err.println("judged " + done + " of " + tasks.size());
            }
        }
        workers.shutdown();
    }

    private static void write(ObjectMapper json, Path target, Map<String, Object> verdict) throws IOException {
        json.writerWithDefaultPrettyPrinter().writeValue(target.toFile(), verdict);
    }
}
