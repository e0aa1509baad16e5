package dev.hivestream.local.check;

import dev.hivestream.local.LocalStack;

/**
 * The system that is checked.
 *
 * @param stack broker and Redis
 * @param url of the command-processor, without a slash at the end
 */
public record Running(LocalStack stack, String url) {}
