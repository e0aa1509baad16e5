package dev.hivestream.local;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes.Name;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Stands in for a boot jar: ready when it has said so, nothing else. */
final class FakeApp {

    private FakeApp() {}

    public static void main(String[] args) throws IOException {
        System.out.println("greeting " + System.getProperty("greeting") + " " + System.getenv("GREETED"));
        if (Boolean.getBoolean("broken")) {
            throw new IllegalStateException("no such topic");
        }
        var server = HttpServer.create(new InetSocketAddress(Integer.getInteger("server.port")), 0);
        server.createContext("/", exchange -> {
            boolean known = exchange.getRequestURI().getPath().equals("/actuator/health/readiness");
            exchange.sendResponseHeaders(known ? 200 : 404, -1);
            exchange.close();
        });
        server.start();
    }

    /** Writes it as a jar that can be run. */
    static Path jar(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Name.MAIN_CLASS, FakeApp.class.getName());
        String entry = FakeApp.class.getName().replace('.', '/') + ".class";
        try (var jar = new JarOutputStream(Files.newOutputStream(file), manifest);
                var content = FakeApp.class.getResourceAsStream("/" + entry)) {
            jar.putNextEntry(new JarEntry(entry));
            if (content == null) {
                throw new IOException("No " + entry);
            }
            content.transferTo(jar);
        }
        return file;
    }
}
