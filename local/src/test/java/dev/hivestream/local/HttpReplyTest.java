package dev.hivestream.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HttpReplyTest {

    private static final String LONG = "HTTP/1.1 200 \r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    private static final String CHUNKED = "HTTP/1.1 422 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";

    @Test
    void is_there_when_its_last_byte_is() {
        for (String text : List.of(LONG, CHUNKED)) {
            for (int count = 0; count < text.length(); count++) {
                assertThat(read(text, count)).isNull();
            }
            assertThat(read(text, text.length())).isNotNull();
        }
    }

    @Test
    void has_a_status_and_says_whether_it_is_the_last() {
        assertThat(read(LONG, LONG.length())).isEqualTo(new HttpReply(200, true, LONG));
        assertThat(read(CHUNKED, CHUNKED.length())).isEqualTo(new HttpReply(422, false, CHUNKED));
    }

    @Test
    void of_unknown_length_cannot_be_read() {
        assertThatThrownBy(() -> read("HTTP/1.1 200 \r\n\r\n", 17)).isInstanceOf(IllegalArgumentException.class);
    }

    private static @Nullable HttpReply read(String text, int count) {
        return HttpReply.of(text.getBytes(ISO_8859_1), count);
    }
}
