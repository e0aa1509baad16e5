package dev.hivestream.samples;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Domain;
import dev.hivestream.samples.account.Account;
import dev.hivestream.samples.account.AccountCommand;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.OpenAccount;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.account.AccountDecider;
import dev.hivestream.samples.account.AccountEvent;
import dev.hivestream.samples.account.AccountEvent.AccountClosed;
import dev.hivestream.samples.account.AccountEvent.AccountOpened;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;
import dev.hivestream.samples.content.Content;
import dev.hivestream.samples.content.ContentCommand;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EditContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentDecider;
import dev.hivestream.samples.content.ContentEvent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.content.ContentEvent.ContentDisabled;
import dev.hivestream.samples.content.ContentEvent.ContentEdited;
import dev.hivestream.samples.content.ContentEvent.ContentEnabled;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The samples: {@code content} and {@code account}, and what their commands and events are called on the wire. */
public final class SampleDomain implements Domain {

    /** The aggregate {@code content}. */
    public static final Aggregate<ContentCommand, Content, ContentEvent> CONTENT = Aggregate
            .named("content", new ContentDecider(), Content.class)
            .command("create", CreateContent.class)
            .command("edit", EditContent.class)
            .command("enable", EnableContent.class)
            .command("disable", DisableContent.class)
            .event("created", ContentCreated.class, SampleDomain::bodyBecameText)
            .event("edited", ContentEdited.class)
            .event("enabled", ContentEnabled.class)
            .event("disabled", ContentDisabled.class)
            .build();

    /** The aggregate {@code account}. */
    public static final Aggregate<AccountCommand, Account, AccountEvent> ACCOUNT = Aggregate
            .named("account", new AccountDecider(), Account.class)
            .command("open", OpenAccount.class)
            .command("deposit", Deposit.class)
            .command("withdraw", Withdraw.class)
            .command("close", CloseAccount.class)
            .event("opened", AccountOpened.class)
            .event("deposited", Deposited.class)
            .event("withdrawn", Withdrawn.class)
            .event("closed", AccountClosed.class)
            .build();

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(CONTENT, ACCOUNT);
    }

    /** Version 1 of {@code content.created} called the text body, and all content began disabled. */
    private static Map<String, @Nullable Object> bodyBecameText(Map<String, @Nullable Object> payload) {
        payload.put("text", payload.remove("body"));
        payload.put("enabled", false);
        return payload;
    }
}
