package dev.hivestream.runtime.access;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2ErrorCodes;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;

/**
 * Refuses a token whose issuer or subject has a surrogate without its pair. UTF-8 has no such character, so that two subjects
 * would be the same client.
 */
final class WellFormedPrincipal implements OAuth2TokenValidator<Jwt> {

    @Override
    public OAuth2TokenValidatorResult validate(Jwt token) {
        return Stream.of(JwtClaimNames.ISS, JwtClaimNames.SUB).filter(name -> !isWellFormed(token.getClaim(name)))
                .findFirst().map(name -> OAuth2TokenValidatorResult.failure(new OAuth2Error(
                        OAuth2ErrorCodes.INVALID_TOKEN, "The claim '" + name + "' has an unpaired surrogate", null)))
                .orElseGet(OAuth2TokenValidatorResult::success);
    }

    private static boolean isWellFormed(@Nullable Object claim) {
        return claim == null
                || claim.toString().codePoints().noneMatch(one -> one >= Character.MIN_SURROGATE
                        && one <= Character.MAX_SURROGATE);
    }
}
