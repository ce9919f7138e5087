-- People are told of disputes. Safe while an older version runs: more kinds are allowed, and it writes none of them.
-- One that lists what it finds can't read a kind that it does not know, and answers 500 to that list until it is replaced.
alter table notifications
    drop constraint notifications_kind_known,
    add constraint notifications_kind_known
        check (kind in ('payment_failed', 'dispute_opened', 'dispute_lost', 'dispute_won', 'user_added', 'user_changed',
                        'user_deactivated'));
