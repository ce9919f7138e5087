-- Who may come in: users with their roles, the sessions of those who logged in, the keys of programs, and what was
-- guessed wrongly of late. No plain password, token or key stands here, only hashes.
-- Safe while an older version runs: it only adds.

-- What a caller may do. `service` is no row: a service proves itself by its signature, and nobody is given that role.
create table roles (
    name         text not null,
    description  text not null,
    constraint roles_pk primary key (name),
    constraint roles_known check (name in ('administrator', 'operator', 'auditor'))
);
insert into roles (name, description) values
    ('administrator', 'Everything, users and keys included.'),
    ('operator', 'Payments, partners, contracts, settlements and books.'),
    ('auditor', 'Reads everything but users and keys.');

create table users (
    id             uuid        not null,
    -- Lower case, so that two logins never differ by case alone.
    login          text        not null,
    name           text        not null,
    -- Argon2id in PHC form: it carries its own parameters, so they can rise without a migration.
    password_hash  text        not null,
    active         boolean     not null default true,
    -- Counts the changes that others are told of.
    version        integer     not null default 1,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint users_pk primary key (id),
    constraint users_login_taken unique (login),
    constraint users_login_form check (login ~ '^[a-z0-9][a-z0-9._@+-]{0,63}$'),
    constraint users_version_positive check (version > 0)
);

create table user_roles (
    user_id  uuid not null,
    role     text not null,
    constraint user_roles_pk primary key (user_id, role),
    constraint user_roles_user_fk foreign key (user_id) references users (id),
    constraint user_roles_role_fk foreign key (role) references roles (name)
);
create index user_roles_by_role on user_roles (role);

-- Someone who logged in. A session that is over is deleted.
create table sessions (
    id          uuid        not null,
    user_id     uuid        not null,
    -- SHA-256 of the token. The token has 256 random bits, so a slow hash would add nothing.
    token_hash  bytea       not null,
    created_at  timestamptz not null,
    -- Moves on with use.
    expires_at  timestamptz not null,
    constraint sessions_pk primary key (id),
    constraint sessions_user_fk foreign key (user_id) references users (id),
    constraint sessions_token_unique unique (token_hash),
    constraint sessions_token_length check (length(token_hash) = 32)
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_end on sessions (expires_at);

-- The keys of programs. Revoked ones stay, so that their traces in logs keep a name.
create table api_keys (
    id            uuid        not null,
    name          text        not null,
    key_hash      bytea       not null,
    -- The last four characters, to recognise a key by.
    hint          text        not null,
    roles         text[]      not null,
    -- `usr_...`, `key_...`, or `service:user` for the one made on the first start.
    created_by    text        not null,
    created_at    timestamptz not null,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    -- To the minute.
    last_used_at  timestamptz,
    constraint api_keys_pk primary key (id),
    constraint api_keys_key_unique unique (key_hash),
    constraint api_keys_key_length check (length(key_hash) = 32),
    constraint api_keys_roles_known check (cardinality(roles) > 0 and roles <@ array['administrator', 'operator', 'auditor']),
    constraint api_keys_expires_later check (expires_at > created_at)
);

-- Attempts to log in since the last success, known logins and unknown ones alike: the answer must not tell which is
-- which. By the hash of the login, since people type passwords into the wrong field.
create table login_attempts (
    login_hash    bytea       not null,
    attempts      integer     not null,
    last_at       timestamptz not null,
    locked_until  timestamptz not null,
    constraint login_attempts_pk primary key (login_hash),
    constraint login_attempts_positive check (attempts > 0)
);
create index login_attempts_by_age on login_attempts (last_at);
