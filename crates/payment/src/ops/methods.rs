//! Payment methods: added, looked at, made the default, detached, and found for payments that name them.

use contracts::Caller;
use ids::PaymentMethodId;
use once::{Answer, KeyedRequest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::FieldError;

use super::batch::BatchItem;
use super::{Answered, Begun, Payments, keep};
use crate::domain::{Method, NewMethod, Order, Unusable};
use crate::error::{Error, MethodRefusal, unusable};
use crate::store::payment_methods::{self as store};
use crate::view::PaymentMethodView;

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodFilter {
    /// This holder.
    pub holder_reference: Option<String>,
}

impl Payments {
    /// Adds a method of the caller. Key, method and answer are one transaction: no connector is asked.
    pub async fn add_method(
        &self,
        caller: &Caller,
        key: &KeyedRequest,
        new: &NewMethod,
    ) -> Result<Answered, Error> {
        if let Some(answer) = self.0.hints.get(key).await {
            return Ok(Answered::replay(answer));
        }
        let now = self.now();
        let (mut work, granted) = match self.begin_keyed(key, now, 201).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        let id = PaymentMethodId::generate();
        let is_new = store::insert(work.conn(), &caller.id, id, new, now).await?;
        let (known_as, known) = store::lock_token(work.conn(), &caller.id, new)
            .await?
            .ok_or_else(|| Error::NotNow("the token was just added".to_owned()))?;
        let (status, method) = match known {
            Some(method) if is_new => (201, method),
            Some(method) if method.detached_at.is_some() => {
                return Err(MethodRefusal::Detached(known_as).into());
            }
            Some(method) if method.details == new.details => (200, method),
            Some(_) => return Err(MethodRefusal::Differs(known_as).into()),
            // A payment was made with this token before anybody added it.
            None => {
                store::attach(work.conn(), known_as, &new.details).await?;
                let (_, method) = store::lock_token(work.conn(), &caller.id, new)
                    .await?
                    .unwrap_or((known_as, None));
                (201, method.ok_or(MethodRefusal::NotFound(known_as))?)
            }
        };
        let answer = Answer {
            status,
            body: serde_json::to_vec(&PaymentMethodView::from(&method))?,
            subject: Some(method.id.to_string()),
        };
        keep(&mut work, &granted, &answer).await?;
        work.commit().await?;
        self.0.hints.put(key, &answer).await;
        Ok(Answered::first(answer))
    }

    /// The caller's attached method of that id.
    pub async fn method(&self, caller: &Caller, id: PaymentMethodId) -> Result<Method, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let found = store::these(&mut conn, &caller.id, &[id]).await?.remove(&id);
        match found {
            Some((method, _)) if method.detached_at.is_none() => Ok(method),
            _ => Err(MethodRefusal::NotFound(id).into()),
        }
    }

    /// At most `limit` of the caller's attached methods before `before`, newest first.
    pub async fn list_methods(
        &self,
        caller: &Caller,
        filter: &MethodFilter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Method>, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let holder = filter.holder_reference.as_deref();
        Ok(store::list(&mut conn, &caller.id, holder, before, limit).await?)
    }

    /// Makes it its holder's default, and no other one.
    pub async fn make_default_method(&self, caller: &Caller, id: PaymentMethodId) -> Result<Method, Error> {
        let method = self.method(caller, id).await?;
        let mut work = self.0.outbox.begin().await?;
        store::lock_holder(work.conn(), &caller.id, &method).await?;
        if !store::make_default(work.conn(), &caller.id, &method).await? {
            return Err(MethodRefusal::NotFound(id).into());
        }
        work.commit().await?;
        Ok(Method {
            is_default: true,
            ..method
        })
    }

    /// Detaches it: no new payment may use it.
    pub async fn detach_method(&self, caller: &Caller, id: PaymentMethodId) -> Result<(), Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        if !store::detach(work.conn(), &caller.id, id, now).await? {
            return Err(MethodRefusal::NotFound(id).into());
        }
        work.commit().await?;
        Ok(())
    }

    /// Finds the tokens of the methods that an order names.
    pub(super) async fn find_method(
        &self,
        caller: &Caller,
        order: &mut Order,
    ) -> Result<Result<(), Error>, Error> {
        let mut verdicts = self.find_methods(caller, &mut [order]).await?;
        Ok(verdicts.pop().unwrap_or(Ok(())))
    }

    /// Refuses items whose methods can't pay them.
    pub(super) async fn find_methods_of(
        &self,
        caller: &Caller,
        items: &mut [BatchItem],
    ) -> Result<(), Error> {
        let mut orders: Vec<&mut Order> = items.iter_mut().filter_map(|i| i.order.as_mut().ok()).collect();
        let mut verdicts = self.find_methods(caller, &mut orders).await?.into_iter();
        for item in items.iter_mut().filter(|item| item.order.is_ok()) {
            if let Some(Err(error)) = verdicts.next() {
                item.order = Err(error);
            }
        }
        Ok(())
    }

    /// One query for all orders, and none where no order names a method.
    async fn find_methods(
        &self,
        caller: &Caller,
        orders: &mut [&mut Order],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let named: Vec<PaymentMethodId> = orders
            .iter()
            .flat_map(|order| order.means.iter().filter_map(|means| means.payment_method_id))
            .collect();
        if named.is_empty() {
            return Ok(orders.iter().map(|_| Ok(())).collect());
        }
        let now = self.now();
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let found = store::these(&mut conn, &caller.id, &named).await?;
        let mut verdicts = Vec::with_capacity(orders.len());
        for order in orders {
            let connector = order.connector;
            let mut faults: Vec<FieldError> = Vec::new();
            for (place, means) in order.means.iter_mut().enumerate() {
                let Some(id) = means.payment_method_id else {
                    continue;
                };
                let usable = match found.get(&id) {
                    Some((method, token)) => {
                        // One that is routed goes to whoever knows the method.
                        let through = connector.unwrap_or(method.connector);
                        let known = (method.connector, token);
                        method.pays(through, means.kind, now).map(|()| known)
                    }
                    None => Err(Unusable::Unknown),
                };
                match usable {
                    Ok((of, token)) if connector.is_none() => means.tokens = vec![(of, token.clone())],
                    Ok((_, token)) => means.token = Some(token.clone()),
                    Err(why) => faults.push(unusable(format!("/tenders/{place}/payment_method_id"), why)),
                }
            }
            verdicts.push(if faults.is_empty() {
                Ok(())
            } else {
                Err(Error::Fields(faults))
            });
        }
        Ok(verdicts)
    }
}
