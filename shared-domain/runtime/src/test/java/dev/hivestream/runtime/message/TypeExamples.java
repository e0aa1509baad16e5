package dev.hivestream.runtime.message;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Currency;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/** Values of all {@link DomainTypes#VALUES}: those that are hardest to keep, and last one for the documentation. */
public final class TypeExamples {

    public static final Map<Class<?>, List<Object>> BY_TYPE = examples();

    private TypeExamples() {}

    private static Map<Class<?>, List<Object>> examples() {
        ZoneId paris = ZoneId.of("Europe/Paris");
        Map<Class<?>, List<Object>> of = new LinkedHashMap<>();
        of.put(String.class, List.of("", "null", "\"\\\u0000\u2028\ud83d\ude00", " x ", "a"));
        of.put(Boolean.class, List.of(true, false));
        of.put(Character.class, List.of('"', '\u0000', '\u20ac', 'a'));
        of.put(Byte.class, List.of(Byte.MIN_VALUE, Byte.MAX_VALUE));
        of.put(Short.class, List.of(Short.MIN_VALUE, Short.MAX_VALUE));
        of.put(Integer.class, List.of(Integer.MIN_VALUE, 0, Integer.MAX_VALUE));
        of.put(Long.class, List.of(Long.MIN_VALUE, 0L, Long.MAX_VALUE));
        of.put(BigInteger.class, List.of(BigInteger.ZERO, BigInteger.TEN.pow(900).negate(), BigInteger.TWO.pow(64)));
        of.put(BigDecimal.class, List.of(new BigDecimal("1.10"), new BigDecimal("1.1"), new BigDecimal("0E+3"),
                new BigDecimal("1E-900"), new BigDecimal("1E+900"), new BigDecimal("-12345678901234567890.10")));
        of.put(Double.class, List.of(0.1, -0.0, 0.0, Double.MIN_VALUE, Double.MAX_VALUE, 1e23, 0.1));
        of.put(Float.class, List.of(0.1f, -0.0f, Float.MIN_VALUE, Float.MAX_VALUE, 16_777_217f, 0.1f));
        of.put(UUID.class,
                List.of(new UUID(0, 0), new UUID(-1, -1), UUID.fromString("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")));
        of.put(URI.class, List.of(URI.create(""), URI.create("urn:x:y"), URI.create("https://example.com/a%20b?c#d")));
        of.put(Currency.class, List.of(Currency.getInstance("EUR")));
        of.put(Instant.class, List.of(Instant.EPOCH, Instant.MIN, Instant.MAX, Instant.parse("-0001-01-01T00:00:00Z"),
                Instant.parse("2026-12-01T09:30:00.5Z")));
        of.put(LocalDate.class, List.of(LocalDate.EPOCH, LocalDate.MIN, LocalDate.MAX, LocalDate.of(2026, 12, 1)));
        of.put(LocalTime.class, List.of(LocalTime.MIN, LocalTime.MAX, LocalTime.of(9, 30)));
        of.put(LocalDateTime.class,
                List.of(LocalDateTime.MIN, LocalDateTime.MAX, LocalDateTime.of(2026, 12, 1, 9, 30)));
        of.put(OffsetDateTime.class,
                List.of(OffsetDateTime.parse("2026-01-01T00:00:00Z"), OffsetDateTime.MIN, OffsetDateTime.MAX,
                        OffsetDateTime.parse("2026-01-01T00:00:00.1-17:59:59"),
                        OffsetDateTime.parse("2026-12-01T09:30:00+01:00")));
        of.put(OffsetTime.class, List.of(OffsetTime.MIN, OffsetTime.MAX, OffsetTime.parse("09:30+01:00")));
        of.put(ZonedDateTime.class, List.of(ZonedDateTime.of(LocalDateTime.of(2026, 7, 1, 12, 0), paris),
                // the hour that there is twice
                ZonedDateTime.ofInstant(Instant.parse("2026-10-25T01:30:00Z"), paris),
                ZonedDateTime.ofInstant(Instant.parse("2026-10-25T00:30:00Z"), paris),
                ZonedDateTime.of(LocalDateTime.of(2026, 7, 1, 12, 0), ZoneOffset.ofHours(2)),
                ZonedDateTime.of(LocalDateTime.of(2026, 12, 1, 9, 30), paris)));
        of.put(ZoneId.class, List.of(ZoneOffset.UTC, ZoneId.of("UTC"), ZoneId.of("GMT+2"), paris));
        of.put(ZoneOffset.class,
                List.of(ZoneOffset.UTC, ZoneOffset.MAX, ZoneOffset.ofTotalSeconds(-3661), ZoneOffset.ofHours(1)));
        of.put(Year.class, List.of(Year.of(-1), Year.of(0), Year.of(Year.MAX_VALUE), Year.of(2026)));
        of.put(YearMonth.class, List.of(YearMonth.of(-1, 1), YearMonth.of(12_345, 1), YearMonth.of(2026, 12)));
        of.put(MonthDay.class, List.of(MonthDay.of(2, 29), MonthDay.of(12, 1)));
        of.put(Duration.class,
                List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofSeconds(Long.MAX_VALUE, 999_999_999),
                        Duration.ofDays(400), Duration.ofMinutes(90)));
        of.put(Period.class, List.of(Period.ZERO, Period.of(-1, 14, 40)));
        of.put(OptionalInt.class, List.of(OptionalInt.empty(), OptionalInt.of(7)));
        of.put(OptionalLong.class, List.of(OptionalLong.empty(), OptionalLong.of(Long.MIN_VALUE), OptionalLong.of(7)));
        of.put(OptionalDouble.class, List.of(OptionalDouble.empty(), OptionalDouble.of(0.1)));
        return of;
    }
}
